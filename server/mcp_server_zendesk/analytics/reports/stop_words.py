"""Words that tell nothing of a subject, in the languages that most support desks read."""

from __future__ import annotations

_MAIL = "re aw wg fw fwd tr rv sv vs ref antw enc ticket case request query question help support"
_ENGLISH = (
    "a about after again all also am an and any are as at be been before being but by can "
    "cannot could did do does doing don't for from get got had has have having he hello hi "
    "her here him his how i if in into is isn it its just let ll me more most my need new no "
    "not now of off on one only or our out over please re regarding s she should so some "
    "still t than thank thanks that the their them then there these they this to too up "
    "urgent us use using ve very want was we were what when where which while who why will "
    "with won would yes yet you your don doesn didn dear"
)
_GERMAN = (
    "aber alle als am an auch auf aus bei beim bin bis bitte da das dass dem den der des die "
    "dies diese doch dringend durch ein eine einem einen einer eines er es frage für guten "
    "habe haben hallo hat hier hilfe ich ihr ihre im in ist ja kann kein keine können mein "
    "meine mich mir mit nach nicht noch nur oder ohne sehr sein seit sich sie sind so tag um "
    "und uns unser unsere vom von vor wann warum was wegen wenn wer wie wir wird wo zu zum "
    "zur über"
)
_FRENCH = (
    "ai au aux avec bonjour ce ces cette chez comment dans de depuis des du elle en est et je "
    "la le les leur lui ma mais me merci mes mon ne nos notre nous on ou où par pas plus pour "
    "pourquoi qu que quel quelle qui sa sans se ses si son sont sur svp te un une vos votre "
    "vous à été être y il d l j n c m"
)
_SPANISH = (
    "al algo ayuda buenas buenos cuando como con cómo de del desde el en es esta este esto "
    "está favor fue gracias ha hay hola la las le lo los me mi mis muy más no nos o para pero "
    "por porque puedo que qué se si sin sobre su sus te tengo tiene un una y ya yo"
)
_ITALIAN = (
    "ai al alla anche che ci ciao come con da dal del della delle di e gli grazie ho i il in "
    "la le lo ma mi mia mio nel nella non per perché più quando salve si sono su sul un una è"
)
_PORTUGUESE = (
    "ajuda ao aos as com como da das de do dos e em esta está este foi isso já mais mas me "
    "meu minha na nas no nos não o obrigado olá os ou para pelo por quando que se sem seu sua "
    "são um uma à é"
)
_DUTCH = (
    "aan als bij dan dat de deze die dit door een en er geen graag hallo heb heeft het hoe "
    "hulp ik in is je kan maar met mijn na naar niet nog of om onze ook op over te tot uit u "
    "uw van voor vraag waarom wat we wij wordt zijn"
)

STOP_WORDS = frozenset(
    f"{_MAIL} {_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_ITALIAN} {_PORTUGUESE} {_DUTCH}".split()
)
